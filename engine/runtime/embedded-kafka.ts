import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { claimFolder } from './embedded/claim.ts'
import { findBinaries } from './embedded-kafka/binaries.ts'
import { choosePorts } from './embedded-kafka/ports.ts'
import { writeProperties } from './embedded-kafka/properties.ts'
import type { Protocol } from './embedded-kafka/properties.ts'
import { startBroker } from './embedded-kafka/process.ts'

export type KafkaOptions = {
  /** The folder for data, settings and the log. Default: a temporary one, removed when it has ended. */
  dataDir?: string
  /** Default: the one of the last time where it is free, else any that is. */
  port?: number
  /** Where clients are told to connect, on 127.0.0.1. Default: `port`; a proxy's, to have all of them go through it. */
  advertisedPort?: number
  /** How clients talk to it. Default PLAINTEXT; the others need `properties` with keys and accounts. */
  protocol?: Protocol
  /** More of server.properties. The listener of clients is called CLIENT. */
  properties?: Record<string, string>
  /** Told what takes long: the download, the first time. */
  onNotice?(text: string): void
}

export type EmbeddedKafka = {
  /** Host and port for clients. */
  brokers: string
  port: number
  pid: number
  version: string
  dataDir: string
  /** Resolves when the process has ended. */
  ended: Promise<void>
  /** Closes its files, so that the next start need not recover; resolves when the process has ended. */
  stop(): Promise<void>
}

/**
 * Starts an Apache Kafka of our own, broker and controller in one process, on 127.0.0.1; for tests and local work. It
 * resolves when clients are answered: after 0.9 s, after 2.4 s where it was killed before, measured on two cores. It ends
 * with this process, however that ends.
 *
 * @throws TqError CONFLICT when a living process uses the folder, BROKER_UNREACHABLE when there is no Java or no way to
 *   get Kafka, or it does not start
 */
export const startKafka = async (options: KafkaOptions = {}): Promise<EmbeddedKafka> => {
  const binaries = await findBinaries(options.onNotice)
  const temporary = options.dataDir === undefined
  const dataDir = temporary ? mkdtempSync(join(tmpdir(), 'tq-kafka-')) : resolve(options.dataDir!)
  mkdirSync(dataDir, { recursive: true })
  const releaseClaim = claimFolder(dataDir, 'Kafka')
  const leave = () => {
    releaseClaim()
    if (temporary) rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    const ports = await choosePorts(dataDir, options.port)
    writeProperties(dataDir, { ...options, ...ports })
    const { pid, ended, stop } = await startBroker(binaries, dataDir, { temporary })
    const gone = ended.then(leave)
    return {
      brokers: `127.0.0.1:${options.advertisedPort ?? ports.port}`,
      port: ports.port,
      pid,
      version: binaries.version,
      dataDir,
      ended: gone,
      stop: () => stop().then(() => gone),
    }
  } catch (error) {
    leave()
    throw error
  }
}
