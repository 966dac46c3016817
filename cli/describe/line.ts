/** A fact below others: its title, and what there is to say. */
export const line = (title: string, value: string): string => `${`${title}:`.padEnd(10)} ${value}`
