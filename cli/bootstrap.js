#!/usr/bin/env node
// What `npm start`, `npm test`, `npm run check`, `generate`, `kafka`, `faults` and `bench` run, on any Node from 20: it installs what is
// missing, finds a Node that runs TypeScript, and hands over to it.
import { commands } from './bootstrap/commands.js'
import { install } from './bootstrap/install.js'
import { findNode } from './bootstrap/node.js'

const [name = '', ...args] = process.argv.slice(2)
try {
  const command = commands[name]
  if (!command) throw new Error(`usage: node cli/bootstrap.js ${Object.keys(commands).join('|')} [arguments]`)
  install()
  process.exitCode = await command(findNode(), args)
} catch (error) {
  console.error(`tq: ${error.message}`)
  process.exitCode = 1
}
