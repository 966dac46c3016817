let count = 0

export default () => ({ count: ++count, pid: process.pid })
