/** Does nothing: for measuring what everything else costs. */
export default () => null
