// Preloaded by a test: prints the files of this repository that a process has loaded, when it ends.
import module from 'node:module'

const loaded = []
module.registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:') && !url.includes('/node_modules/')) loaded.push(url)
    return next(url, context)
  },
})
process.on('exit', () => console.error(loaded.join('\n')))
