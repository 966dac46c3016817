import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compile } from '../../../engine/client.ts'
import { kindOf } from '../../../engine/model/kind.ts'
import { until } from '../../support/engine.ts'
import { entry } from '../../support/worker.ts'
import type { Report } from '../report.ts'
import type { World } from '../world.ts'

/** How soon after a kill the store is to be what it is, ms: until the server has noticed that its client is gone. */
const boundMs = 5000

/**
 * `tq apply --prune` of some hundred manifests, killed (SIGKILL) at random moments: over its whole life, and in its transaction. After each
 * the store is wholly as before or wholly as after: documents, plans, queues and schedules. Twenty moments, twenty times; a run
 * in the report is a kill.
 */
export const applyKilled = async (world: World, { scale }: { scale: number }): Promise<Report> => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-apply-'))
  world.scope.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const rounds = Math.ceil(20 * scale)
  const kills = Math.max(4, Math.ceil(20 * scale))
  let version = 1
  let worstMs = 0
  let [before, after] = [0, 0]
  const wrong: string[] = []
  const lifeMs = await applyWhole(world, dir, version)
  for (let i = 0; i < rounds * kills; i++) {
    const killed = await applyKilledAt(world, dir, version + 1, { inside: i % 2 === 1, lifeMs })
    worstMs = Math.max(worstMs, killed)
    const found = await stateOf(world)
    if (found === expected(version)) before++
    else if (found === expected(version + 1)) {
      after++
      version++
    } else {
      wrong.push(`after kill ${i + 1} the store is neither version ${version} nor ${version + 1}`)
      break
    }
    // So that the next does not only finish what this one began.
    if (i % kills === kills - 1) await applyWhole(world, dir, ++version)
  }
  const total = rounds * kills
  console.log(
    `  ${total} kills: ${before} times as before, ${after} times as after; an apply takes ${Math.round(lifeMs)} ms`,
  )
  return {
    runs: total,
    runsRight: before + after,
    twice: 0,
    lost: 0,
    worstMs,
    boundMs,
    ...(wrong.length > 0 ? { wrong: wrong.join('; ') } : {}),
  }
}

/** Each version has most manifests otherwise, some that the others do not have, and lacks some. */
const textOf = (version: number): string => {
  const documents: string[] = []
  const add = (kind: string, name: string, spec: string) =>
    documents.push(`apiVersion: tq/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`)
  for (let i = 0; i < 40; i++) add('Queue', `killed-queue-${i}`, `{ concurrency: ${version} }`)
  for (let i = 0; i < 80; i++)
    add(
      'Task',
      `killed-task-${i}`,
      `{ handler: noop, queue: killed-queue-${i % 40}, retry: { max: ${version}, delay: 1s } }`,
    )
  for (let i = 0; i < 80; i++)
    add(
      'Chain',
      `killed-chain-${i}`,
      `{ steps: [{ task: killed-task-${i} }, { task: echo, with: ${i % 3 ? version : 'same'} }] }`,
    )
  for (let i = 0; i < 20; i++)
    add('Schedule', `killed-schedule-${i}`, `{ every: ${version}h, workflow: killed-chain-${i} }`)
  for (let i = 0; i < 10; i++) add('Chain', `killed-only-${version}-${i}`, '{ steps: [{ task: noop }] }')
  return documents.join('---\n')
}

const versions = new Map<number, string>()

/** What the store has when a version is applied, and nothing else. */
const expected = (version: number): string => {
  let known = versions.get(version)
  if (known === undefined) {
    const { manifests, diagnostics } = compile([{ file: 'all.yaml', text: textOf(version) }], {
      handlers: ['noop', 'echo'],
      known: [],
    })
    if (diagnostics.length > 0) throw new Error(diagnostics[0]!.message)
    const lines = manifests.map(({ kind, name, hash, planHash }) => `${kindOf(kind)} ${name} ${hash} ${planHash ?? ''}`)
    const queues = Array.from({ length: 40 }, (_, i) => `killed-queue-${i} ${version}`)
    const schedules = manifests.flatMap(({ kind, name, planHash }) =>
      kind === 'Schedule' ? `${name} ${planHash}` : [],
    )
    known = [...lines.sort(), ...queues.sort(), ...schedules.sort()].join('\n')
    versions.set(version, known)
  }
  return known
}

const stateOf = async ({ engine: { sql } }: World): Promise<string> => {
  const lines = async (rows: Promise<{ line: string }[]>) => (await rows).map(row => row.line).sort()
  return [
    ...(await lines(sql`
    select concat_ws(' ', m.kind, m.name, r.hash, coalesce(p.hash, '')) as line from manifest m
    join revision r on r.namespace = m.namespace and r.kind = m.kind and r.name = m.name and r.revision = m.revision
    left join plan p on p.id = r.plan where m.name like 'killed-%'`)),
    ...(await lines(sql`select concat(name, ' ', concurrency) as line from queue where name like 'killed-%'`)),
    ...(await lines(sql`
    select concat(s.name, ' ', p.hash) as line from schedule s join plan p on p.id = s.plan where s.name like 'killed-%'`)),
  ].join('\n')
}

const startApply = ({ url }: World, dir: string, version: number) => {
  const file = join(dir, 'all.yaml')
  writeFileSync(file, textOf(version))
  const { PATH, HOME } = process.env
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, 'apply', '-f', file, '--prune'], {
    cwd: dir,
    stdio: 'ignore',
    env: { PATH, HOME, TQ_DATABASE_URL: url, TQ_HANDLERS: join(dir, 'none') },
  })
}

/** Undisturbed. @returns how long it took, ms */
const applyWhole = async (world: World, dir: string, version: number): Promise<number> => {
  const began = performance.now()
  const [code] = await once(startApply(world, dir, version), 'exit')
  if (code !== 0) throw new Error(`an apply that nobody disturbed ended with ${code}`)
  if ((await stateOf(world)) !== expected(version)) throw new Error(`version ${version} is not what was applied`)
  return performance.now() - began
}

/** @returns how long after the kill the server had done with it, ms */
const applyKilledAt = async (
  world: World,
  dir: string,
  version: number,
  { inside, lifeMs }: { inside: boolean; lifeMs: number },
): Promise<number> => {
  const { sql } = world.engine
  const running = startApply(world, dir, version)
  const ended = once(running, 'exit')
  // By its advisory lock: held from the first statement of the transaction to the last.
  const locks = () =>
    sql<{ pid: number }>`select pid from pg_locks where locktype = 'advisory' and classid = 29811 and granted`
  const isOver = () => running.exitCode !== null || running.signalCode !== null
  if (inside) await until(async () => isOver() || (await locks()).length > 0)
  await Promise.race([sleep(world.random() * (inside ? 250 : lifeMs)), ended])
  running.kill('SIGKILL')
  await ended
  const killed = performance.now()
  await until(async () => (await locks()).length === 0)
  return performance.now() - killed
}
