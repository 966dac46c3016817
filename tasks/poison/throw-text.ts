/** Throws what is no error. */
export default () => {
  throw 'just text'
}
