import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { TqError } from '../../model/errors.ts'

export type Binaries = {
  java: string
  keytool: string
  /** What `java -cp` takes. */
  classPath: string
  /** Of Kafka. */
  version: string
  /** Kafka's classes as this Java loads them fastest; made when a broker stops and there is none. */
  archive: string
}

/**
 * Java and Kafka on this machine. Kafka's jars are fetched by Maven, once: 43 MB, kept in the cache folder of the user.
 *
 * @throws TqError BROKER_UNREACHABLE with the ways out
 */
export const findBinaries = async (onNotice?: (text: string) => void): Promise<Binaries> => {
  const { java, keytool, release } = await findJava()
  const home = await fetchKafka(onNotice)
  const classPath = join(home, 'lib', '*')
  return { java, keytool, classPath, version: kafkaVersion, archive: join(home, `java-${release}.jsa`) }
}

const kafkaVersion = '4.1.1'
/** The first that Kafka 4 runs on. */
const minimumJava = 17

const run = promisify(execFile)

const findJava = async (): Promise<{ java: string; keytool: string; release: string }> => {
  const bin = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin/') : ''
  const java = `${bin}java`
  const { stderr } = await run(java, ['-version']).catch(error => {
    throw unreachable(`there is no Java to run Kafka (${error.message.split('\n')[0]})`, error)
  })
  const release = /version "([^"]+)"/.exec(stderr)?.[1] ?? 'unknown'
  if (Number.parseInt(release, 10) >= minimumJava) return { java, keytool: `${bin}keytool`, release }
  throw unreachable(`${java} is Java ${release}, and Kafka ${kafkaVersion} needs ${minimumJava}`)
}

/** The two that make a broker, with what they need; kafka-clients logs by the API of slf4j 1.7. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tqflow</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.7.1:copy-dependencies'

const fetchKafka = async (onNotice?: (text: string) => void): Promise<string> => {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const key = createHash('sha256').update(pom).digest('hex').slice(0, 8)
  const home = join(cache, 'tq', `kafka-${kafkaVersion}-${key}`)
  if (existsSync(home)) return home
  onNotice?.(`Maven fetches Kafka ${kafkaVersion} (43 MB, once) into ${home}`)
  mkdirSync(dirname(home), { recursive: true })
  const building = mkdtempSync(`${home}-`)
  try {
    writeFileSync(join(building, 'pom.xml'), pom)
    const options = ['-q', '-B', '-DincludeScope=runtime', '-DoutputDirectory=lib']
    await run('mvn', [copyDependencies, ...options], { cwd: building })
    renameSync(building, home)
  } catch (error) {
    // Another process was faster.
    if (existsSync(home)) return home
    const { stdout, message } = error as { stdout?: string; message: string }
    throw unreachable(
      `Maven did not fetch Kafka ${kafkaVersion}: ${stripVTControlCharacters(stdout || message).split('\n')[0]}`,
      error,
    )
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
  return home
}

const unreachable = (what: string, cause?: unknown): TqError =>
  new TqError(
    'BROKER_UNREACHABLE',
    `${what}; either install Java ${minimumJava} or newer and Maven, or give the address of a Kafka that runs`,
    { cause },
  )
