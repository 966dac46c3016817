/** Returns the one character that Postgres does not store. */
export default () => ({ title: 'before\0after' })
