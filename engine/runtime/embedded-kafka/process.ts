import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { TqError } from '../../model/errors.ts'
import type { Binaries } from './binaries.ts'

/** A small heap, and compiled quickly rather than well. */
const flags = [
  ...['-Xms96m', '-Xmx320m', '-Xss256k', '-XX:MaxMetaspaceSize=128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  ...['-Xlog:disable', '-Djava.awt.headless=true', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
]
const started = 'Kafka Server started'

type Broker = { pid: number; ended: Promise<void>; stop(): Promise<void> }

/**
 * Starts the broker of a folder and resolves when it answers clients.
 *
 * @throws TqError BROKER_UNREACHABLE with the end of its log
 */
export const startBroker = async (
  { java, classPath, archive }: Binaries,
  dataDir: string,
  { temporary }: { temporary: boolean },
): Promise<Broker> => {
  // Written when it stops; under a name of its own, so that nobody reads half of it.
  const ownArchive = existsSync(archive) ? undefined : `${archive}.${process.pid}`
  const shared = ownArchive ? `-XX:ArchiveClassesAtExit=${ownArchive}` : `-XX:SharedArchiveFile=${archive}`
  const properties = join(dataDir, 'server.properties')
  const subprocess = spawn(java, [...flags, shared, '-cp', classPath, 'kafka.Kafka', properties], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Control-C in the terminal is ours to decide on.
    detached: true,
    cwd: '/',
    env: { PATH: process.env.PATH },
  })
  const pid = subprocess.pid!
  const ended = new Promise<void>(resolve => subprocess.once('close', () => resolve()).once('error', () => resolve()))
  endWithUs(pid, ended, temporary ? dataDir : '')
  const log = createWriteStream(join(dataDir, 'kafka.log'))
  const last: string[] = []
  await new Promise<void>((resolve, reject) => {
    for (const stream of [subprocess.stdout, subprocess.stderr])
      createInterface({ input: stream }).on('line', line => {
        log.write(`${line}\n`)
        if (line.includes(started)) resolve()
        last.push(line)
        if (last.length > 20) last.shift()
      })
    void ended.then(() => {
      log.end()
      reject(new TqError('BROKER_UNREACHABLE', `Kafka did not start:\n${last.join('\n')}`))
    })
  })
  return {
    pid,
    ended,
    stop: async () => {
      subprocess.kill('SIGTERM')
      await ended
      if (ownArchive && existsSync(ownArchive)) renameSync(ownArchive, archive)
    },
  }
}

/** A shell that waits for the end of its input, which is when we are gone, killed or not, and ends the broker. */
const endWithUs = (pid: number, ended: Promise<void>, remove: string): void => {
  const guard = spawn('sh', ['-c', 'read _; kill -9 "$0"; [ -z "$1" ] || rm -rf "$1"', String(pid), remove], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  })
  guard.on('error', () => {})
  void ended.then(() => guard.kill('SIGKILL'))
}
