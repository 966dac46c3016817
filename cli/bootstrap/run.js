import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { root } from './root.js'

/**
 * Runs Node with the arguments in the repository and resolves with the exit code. Signals are passed on; Control-C in a
 * terminal reaches both by itself. `onStdout` gets the process's standard output instead of ours.
 */
export const runNode = (node, args, { onStdout, env = {}, cwd = root } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...args], {
      cwd,
      stdio: ['inherit', onStdout ? 'pipe' : 'inherit', 'inherit'],
      env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`, ...env },
    })
    const forward = signal => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    if (onStdout) {
      child.stdout.setEncoding('utf8')
      child.stdout.on('data', onStdout)
    }
    child.once('error', reject)
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, forward)
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
