import type { Json } from '../../model/json.ts'

/** By name in lower case. */
export type Headers = { [name: string]: string }

export type SignedRequest = { headers: Headers; body: Uint8Array }

/** What a request says of its own signing; nothing of it is proven. */
export type Claim = {
  /** Any of them may be the right one: senders send several while a secret changes. */
  signatures: Uint8Array[]
  /** Unix time as it was signed, digits only; absent where the scheme signs none. */
  seconds?: string
  /** The delivery's id, where the scheme has one in its headers. */
  id?: string
}

export type Scheme = {
  /** Signs the time, so that a request grows old. */
  timed: boolean
  /** The header of the signature; a Hook's `verify.header` replaces it where `headerMayDiffer`. */
  header: string
  headerMayDiffer: boolean
  /** Null: this is not signed as the scheme has it. */
  read(headers: Headers, header: string): Claim | null
  /** What the signature must be. */
  signature(secret: string, claim: Claim, body: Uint8Array): Uint8Array
  /** The headers of a request with this signature. */
  write(signature: Uint8Array, claim: Claim, header: string): Headers
  /** What all deliveries of one happening have in common, for whom no `idempotencyKey` is written; null: nothing. */
  delivery(headers: Headers, body: Json): string | null
  /** A new secret, and who must know of it. */
  rotate: { generate: (() => string) | null; advice: string }
}
