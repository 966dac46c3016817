import { fileURLToPath } from 'node:url'

/** The repository, or the installed package. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
