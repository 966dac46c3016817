/** A moment as people write it: `2027-03-28T01:30:00Z`, with milliseconds where there are some. */
export const formatMoment = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z')
