/** Does nothing. */
export default () => null
