import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Whether two texts of bytes are the same, in a time that does not say where they differ, nor how long the secret one is. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => timingSafeEqual(sha256(a), sha256(b))

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

/** HMAC-SHA256 over the parts, one after the other. */
export const hmacSha256 = (key: string | Uint8Array, ...parts: (string | Uint8Array)[]): Uint8Array => {
  const hash = createHmac('sha256', key)
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** 32 bytes written in hexadecimal digits, or null. */
export const fromHex = (text: string): Uint8Array | null =>
  /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : null

/** 32 bytes written in base64, or null. */
export const fromBase64 = (text: string): Uint8Array | null =>
  /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : null

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
