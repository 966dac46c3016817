import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { TqError } from '../../engine/client.ts'
import type { Io } from '../io.ts'
import { makeProjectFiles, writeEditorFiles, writeTypes } from '../project.ts'
import type { Action } from '../command.ts'

const scaffold = fileURLToPath(new URL('../scaffold', import.meta.url))
/** The installed package, or the clone: above `cli/`, or above `dist/cli/`. */
const home = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../..' : '../../..', import.meta.url))

const scripts = { dev: 'tq dev', test: 'node --test "test/**/*.test.ts"', check: 'tsc --noEmit -p .' }
/** In ranges, as these are the project's own to bring up to date. */
const tools = { '@types/node': '^24.0.0', typescript: '^7.0.2' }

const init: Action = async (outer, options, dir) => {
  const io = { ...outer, cwd: resolve(outer.cwd, (dir as string | undefined) ?? '.') }
  const files = (await readdir(scaffold, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => relative(scaffold, join(entry.parentPath, entry.name)))
    .sort()
  const there = files.map(placeOf).filter(file => existsSync(join(io.cwd, file)) && !shared.includes(file))
  if (there.length > 0)
    throw new TqError(
      'CONFLICT',
      `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already, and nothing is overwritten; choose another folder: tq init NAME`,
    )
  const name = packageName(io.cwd)
  for (const file of files) await place(io, file, name)
  await writePackage(io, name)
  const made = await makeProjectFiles(io)
  await writeEditorFiles(io, made)
  await writeTypes(io, made)
  io.err(` ${io.paint('green', '✓')} ${relative(outer.cwd, io.cwd) || '.'}: a task, a workflow and a test of it`)
  const installed = options.install !== false && (await install(io))
  const into = io.cwd === outer.cwd ? [] : [`cd ${relative(outer.cwd, io.cwd)}`]
  const next = [...into, ...(installed ? [] : ['npm install']), 'npm test', 'npx tq dev']
  io.err(
    `\nNext:\n${next.map(command => `  ${command}`).join('\n')}\nand in a second terminal:\n  npx tq run hello --input name=Ada --watch`,
  )
  return options.install !== false && !installed ? 1 : 0
}
export default init

/** What a folder may have before it becomes a project: it is kept as it is. */
const shared = ['.gitignore', 'README.md']

/** npm leaves a `.gitignore` out of packages. */
const placeOf = (file: string): string => (file === 'gitignore' ? '.gitignore' : file)

const place = async (io: Io, file: string, name: string): Promise<void> => {
  const target = join(io.cwd, placeOf(file))
  if (existsSync(target)) return
  await mkdir(dirname(target), { recursive: true })
  if (file === 'README.md')
    await writeFile(target, (await readFile(join(scaffold, file), 'utf8')).replace('{{name}}', name))
  else await copyFile(join(scaffold, file), target)
}

const packageName = (dir: string): string =>
  basename(dir)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '') || 'workflows'

type Package = {
  [field: string]: unknown
  dependencies?: { [name: string]: string }
  devDependencies?: { [name: string]: string }
  scripts?: { [name: string]: string }
}

/** What is in a package.json that is there stays; what is missing is added. */
const writePackage = async (io: Io, name: string): Promise<void> => {
  const path = join(io.cwd, 'package.json')
  const before: Package = existsSync(path)
    ? JSON.parse(await readFile(path, 'utf8'))
    : { name, version: '0.0.0', private: true }
  const { test, ...others } = before.scripts ?? {}
  const placeholder = test?.includes('no test specified') // what `npm init` writes
  const after: Package = {
    ...before,
    type: 'module',
    scripts: { ...scripts, ...others, ...(test && !placeholder ? { test } : {}) },
    dependencies: {
      tqflow: before.dependencies?.tqflow ?? before.devDependencies?.tqflow ?? (await ownSpec(io)),
      ...before.dependencies,
    },
    devDependencies: { ...tools, ...before.devDependencies },
  }
  await writeFile(path, `${JSON.stringify(after, null, 2)}\n`)
}

/**
 * How the project is to install this tq: by its version where it came from a registry, else as a tarball that the project keeps,
 * so that it installs wherever the project is cloned.
 */
const ownSpec = async (io: Io): Promise<string> => {
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string }
  const vendored = `vendor/tqflow-${version}.tgz`
  if (existsSync(join(home, 'cli', 'tq.ts'))) {
    await mkdir(join(io.cwd, 'vendor'), { recursive: true })
    io.err('   packing tq')
    const made = await mkdtemp(join(tmpdir(), 'tq-package-'))
    try {
      await execa(process.execPath, [join(home, 'cli/bootstrap.js'), 'build', made])
      await execa('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', join(io.cwd, 'vendor')], {
        cwd: made,
      })
    } finally {
      await rm(made, { recursive: true, force: true })
    }
    return `file:${vendored}`
  }
  const spec = await installedAs()
  if (!spec?.startsWith('file:')) return `^${version}`
  await cp(spec.slice('file:'.length), join(io.cwd, vendored), { recursive: true })
  return `file:${vendored}`
}

/** What the package.json beside the `node_modules` that this tq is in says of it; a file's path is made absolute. */
const installedAs = async (): Promise<string | undefined> => {
  const owner = resolve(home, '..', '..')
  const text = await readFile(join(owner, 'package.json'), 'utf8').catch(() => '{}')
  const { dependencies, devDependencies } = JSON.parse(text) as Package
  const spec = dependencies?.tqflow ?? devDependencies?.tqflow
  return spec?.startsWith('file:') ? `file:${resolve(owner, spec.slice('file:'.length))}` : spec
}

const install = async (io: Io): Promise<boolean> => {
  io.err('   installing packages (npm install)')
  const { exitCode, failed, stderr, shortMessage } = await execa(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: io.cwd,
      reject: false,
      cancelSignal: io.signal,
    },
  )
  if (!failed) return true
  io.err(
    ` ${io.paint('red', '✖')} npm install failed${exitCode === undefined ? `: ${shortMessage}` : ''}\n${stderr.trim().replace(/^/gm, '   ')}`,
  )
  return false
}
