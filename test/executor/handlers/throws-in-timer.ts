export default () =>
  new Promise(() => {
    setTimeout(() => {
      throw new TypeError('too late')
    }, 1)
  })
