import { randomBytes } from 'node:crypto'

/**
 * A run's id: UUID version 7, so that ids sort by the time of their start and a day's runs lie together. `random` 10 bytes.
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
 */
export const newId = (timeMs = Date.now(), random = randomBytes(10)): string => {
  const time = timeMs.toString(16).padStart(12, '0')
  random[0] = (random[0]! & 0x0f) | 0x70
  random[2] = (random[2]! & 0x3f) | 0x80
  const tail = random.toString('hex')
  return `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** How people see an id: 26 characters of Crockford's base32. */
export const printId = (uuid: string): string => {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  for (let i = 0; i < 26; i++) {
    text = alphabet[Number(value & 31n)] + text
    value >>= 5n
  }
  return text
}

/** Its last 8 characters: the first ones are time, alike for neighbours. */
export const shortId = (uuid: string): string => printId(uuid).slice(-8)

/** The last hexadecimal digits that a typed ending (1 to 26 characters) stands for, and how many bits; null: no such text. */
export const parseId = (typed: string): { uuid: string } | { ending: string } | null => {
  const text = typed.toLowerCase()
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return { uuid: text }
  if (!/^[0-9a-hjkmnp-tv-z]{4,26}$/.test(text)) return null
  let value = 0n
  for (const char of text) value = (value << 5n) | BigInt(alphabet.indexOf(char))
  if (text.length === 26) {
    const hex = value.toString(16).padStart(32, '0')
    return hex.length > 32
      ? null
      : { uuid: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` }
  }
  const digits = Math.floor((text.length * 5) / 4)
  const hex = value
    .toString(16)
    .padStart(digits + 2, '0')
    .slice(-digits)
  return { ending: digits > 12 ? `${hex.slice(0, -12)}-${hex.slice(-12)}` : hex }
}
