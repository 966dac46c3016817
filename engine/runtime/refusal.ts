/**
 * What a database that answers refuses, and the way out; undefined where it is something else.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const refusalOf = (error: unknown): string | undefined => {
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string }
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : ''
  if (state === '3D000') {
    const name = /"(.+)"/.exec(message)?.[1] ?? 'NAME'
    return `${message}; make it (createdb ${name}), or correct TQ_DATABASE_URL`
  }
  if (state.startsWith('28')) return `${message}; correct the user or the password in TQ_DATABASE_URL`
  if (state === '42501') return `${message}; tq doctor says what to grant`
  if (state === '25006') return `${message}; is this a standby? TQ_DATABASE_URL must lead to the primary`
  if (/does not support SSL|self.signed certificate|certificate/i.test(message) && !state)
    return `${message}; see \`sslmode\` in TQ_DATABASE_URL`
  return undefined
}
