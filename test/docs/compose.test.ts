import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { root } from '../cli/support.ts'

type Service = {
  image?: string
  build?: string
  command?: string[]
  environment?: { [variable: string]: unknown }
  depends_on?: { [service: string]: { condition: string } }
  healthcheck?: { test: string[] }
  deploy?: { replicas: number }
  volumes?: string[]
  ports?: string[]
  stop_grace_period?: string
  restart?: string
}
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const compose = parse(read('compose.yaml'), { merge: true }) as {
  services: { [name: string]: Service }
  volumes: { [name: string]: unknown }
}
const services = Object.entries(compose.services)

test('compose.yaml has a Postgres, a Kafka, a migration that ends, two workers, and a server for hooks', t => {
  t.deepEqual(Object.keys(compose.services), ['postgres', 'kafka', 'migrate', 'worker', 'server'])
  t.is(compose.services.worker!.deploy?.replicas, 2)
  t.is(compose.services.migrate!.restart, undefined)
})

test('its services have only what the schema of compose files has, of the types it has', t => {
  const known = [
    'image',
    'build',
    'command',
    'environment',
    'depends_on',
    'healthcheck',
    'deploy',
    'volumes',
    'ports',
    'stop_grace_period',
    'restart',
  ]
  for (const [name, service] of services) {
    t.deepEqual(
      Object.keys(service).filter(key => !known.includes(key)),
      [],
      name,
    )
    for (const value of Object.values(service.environment ?? {})) t.is(typeof value, 'string', name)
    for (const part of [...(service.command ?? []), ...(service.healthcheck?.test ?? [])])
      t.is(typeof part, 'string', name)
    for (const port of service.ports ?? []) t.regex(port, /^127\.0\.0\.1:\d+:\d+$/, name)
    for (const volume of service.volumes ?? []) t.true(volume.split(':')[0]! in compose.volumes, volume)
  }
})

test('its images, and the one that tq is built on, are pinned by version', t => {
  for (const [name, { image }] of services) t.regex(image!, /:\d+\.\d+(\.\d+)?$/, name)
  t.regex(read('Dockerfile'), /^FROM node:24\.\d+\.\d+-slim$/m)
  t.is(compose.services.worker!.image, `tqflow:${JSON.parse(read('package.json')).version}`)
})

test('what a service waits for is there, and can become what is waited for', t => {
  for (const [name, { depends_on = {} }] of services)
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const service = compose.services[other]!
      t.truthy(service, `${name}: ${other}`)
      if (condition === 'service_healthy') t.truthy(service.healthcheck, other)
      else t.is(condition, 'service_completed_successfully')
    }
})

test('the variables are those that the configuration reads, the commands those of tq', async t => {
  const { commands } = await import('../../cli/commands/index.ts')
  const read_ = new Set([...read('engine/runtime/config.ts').matchAll(/TQ_[A-Z_]+/g)].map(([name]) => name))
  for (const [name, { build, command, environment = {} }] of services) {
    if (!build) continue
    for (const variable of Object.keys(environment)) t.true(read_.has(variable), `${name}: ${variable}`)
    t.true(
      commands.some(({ usage }) => usage.split(' ')[0] === command![0]),
      `${name}: ${command}`,
    )
  }
})

test('what the Dockerfile copies is there', t => {
  for (const [, files] of read('Dockerfile').matchAll(/^COPY (.+) \S+$/gm))
    for (const file of files!.split(' ')) t.true(existsSync(join(root, file)), file)
})
