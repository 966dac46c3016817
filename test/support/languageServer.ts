import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

export type EditorDiagnostic = { line: number; column: number; message: string }
export type LanguageServer = {
  /** What it finds wrong with a text; lines and columns from 1. */
  diagnose(text: string): Promise<EditorDiagnostic[]>
  /** The words it offers where `|` stands in the text. */
  complete(text: string): Promise<string[]>
  stop(): void
}

type Message = { id?: number; method?: string; params?: unknown; result?: unknown; error?: { message: string } }
type Published = {
  uri: string
  diagnostics: { range: { start: { line: number; character: number } }; message: string }[]
}

/** yaml-language-server over stdio, as editors talk to it, with one schema for all files. */
export const languageServer = async (schema: object): Promise<LanguageServer> => {
  const dir = mkdtempSync(join(tmpdir(), 'tq-editor-'))
  const schemaFile = join(dir, 'schema.json')
  writeFileSync(schemaFile, JSON.stringify(schema))
  const settings = {
    validate: true,
    completion: true,
    schemaStore: { enable: false },
    schemas: { [pathToFileURL(schemaFile).href]: '*.yaml' },
  }
  const home = dirname(createRequire(import.meta.url).resolve('yaml-language-server/package.json'))
  const child = spawn(process.execPath, [join(home, 'bin/yaml-language-server'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = new Map<number, PromiseWithResolvers<unknown>>()
  const published = new Map<string, PromiseWithResolvers<EditorDiagnostic[]>>()
  let asked = 0
  let opened = 0

  const send = (message: object) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const request = (method: string, params: object): Promise<unknown> => {
    const answer = Promise.withResolvers<unknown>()
    answers.set(++asked, answer)
    send({ id: asked, method, params })
    return answer.promise
  }
  readMessages(child.stdout, message => {
    if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params as Published
      published.get(uri)?.resolve(
        diagnostics.map(({ range: { start }, message }) => ({
          line: start.line + 1,
          column: start.character + 1,
          message,
        })),
      )
    } else if (message.method && message.id !== undefined) {
      // It asks for settings, section by section, and to register what it can.
      const { items = [] } = (message.params ?? {}) as { items?: { section: string }[] }
      send({ id: message.id, result: items.map(({ section }) => (section === 'yaml' ? settings : {})) })
    } else if (message.id !== undefined) {
      const answer = answers.get(message.id)
      if (message.error) answer?.reject(new Error(message.error.message))
      else answer?.resolve(message.result)
    }
  })
  const open = (text: string): string => {
    const uri = `file:///project/${++opened}.yaml`
    published.set(uri, Promise.withResolvers())
    send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: 1, text } } })
    return uri
  }

  await request('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: { workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } } },
  })
  send({ method: 'initialized', params: {} })
  return {
    diagnose: text => published.get(open(text))!.promise,
    async complete(marked) {
      const before = marked.slice(0, marked.indexOf('|')).split('\n')
      const uri = open(marked.replace('|', ''))
      const position = { line: before.length - 1, character: before.at(-1)!.length }
      const { items } = (await request('textDocument/completion', { textDocument: { uri }, position })) as {
        items: { label: string }[]
      }
      return items.map(item => item.label)
    },
    stop() {
      child.kill()
      rmSync(dir, { recursive: true })
    },
  }
}

const readMessages = (stream: NodeJS.ReadableStream, receive: (message: Message) => void): void => {
  let rest = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const end = rest.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/Content-Length: (\d+)/.exec(rest.toString('utf8', 0, end))![1])
      if (rest.length < end + 4 + length) return
      receive(JSON.parse(rest.toString('utf8', end + 4, end + 4 + length)) as Message)
      rest = rest.subarray(end + 4 + length)
    }
  })
}
