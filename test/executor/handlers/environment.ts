export default () => Object.keys(process.env).sort()
