import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.js'

const modules = join(root, 'node_modules')
const lockfile = join(root, 'package-lock.json')
const stamp = join(modules, '.tq-lock')

/**
 * Installs the packages of package-lock.json unless that has been done; without running their scripts. Not by `npm ci`:
 * that refuses a lockfile made where the registry lacks an optional package of another platform. `--no-save` installs
 * the locked versions too and leaves the lockfile alone.
 */
export const install = () => {
  if (!existsSync(lockfile)) return
  const wanted = createHash('sha256').update(readFileSync(lockfile)).digest('hex')
  if (installed(wanted)) return
  console.error('tq: installing packages (npm install)')
  const { status, error, stderr } = spawnSync(
    'npm',
    ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...included, '--loglevel=error'],
    { cwd: root, stdio: ['ignore', 2, 'pipe'], encoding: 'utf8' },
  )
  if (error?.code === 'ENOENT')
    throw new Error('packages are missing and there is no `npm` on PATH to install them; install Node.js with npm')
  if (error) throw error
  if (status !== 0) throw new Error(`npm install failed with exit code ${status}\n${stderr}${hint(stderr)}`)
  writeFileSync(stamp, wanted)
}

/** Whatever NODE_ENV or a user's settings leave out. */
const included = ['--include=dev', '--include=optional']

const installed = wanted => {
  if (!existsSync(modules)) return false
  // A link is somebody's own arrangement, and npm would empty what it points to.
  if (lstatSync(modules).isSymbolicLink()) return true
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === wanted
  // Installed by hand: npm's own record is newer than the lockfile.
  const record = join(modules, '.package-lock.json')
  if (!existsSync(record) || statSync(record).mtimeMs < statSync(lockfile).mtimeMs) return false
  writeFileSync(stamp, wanted)
  return true
}

const hint = stderr => {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(stderr))
    return 'The package registry cannot be reached: go online once, or set `registry` in ~/.npmrc to one that can be.'
  if (/EACCES|EPERM|EROFS/.test(stderr)) return `${root} must be writable.`
  if (/ENOSPC/.test(stderr)) return 'The disk is full: packages need 600 MB.'
  return ''
}
