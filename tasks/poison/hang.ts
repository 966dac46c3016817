/** Never ends and listens to nobody. */
export default () => new Promise(() => {})
