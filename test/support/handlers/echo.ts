/** Returns its input. */
export default (input: unknown) => input
