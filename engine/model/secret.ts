/** `stripe/webhook`: words of letters, digits and single hyphens, joined by `/`. */
export const secretName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*(\/[a-z][a-z0-9]*(-[a-z0-9]+)*)*$/

/** The variable that a secret is looked for in: `TQ_SECRET_STRIPE__WEBHOOK` of `stripe/webhook`. */
export const variableOf = (name: string): string =>
  `TQ_SECRET_${name.replaceAll('/', '__').replaceAll('-', '_').toUpperCase()}`
