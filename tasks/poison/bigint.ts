/** Returns a number that JSON does not have. */
export default () => ({ rows: 12345678901234567890n })
