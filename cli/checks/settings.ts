import { didYouMean, nearest, readConfig, TqError, variables } from '../../engine/reader.ts'
import type { Check, Place } from './index.ts'

/** Variables that begin like those of tq and are none, and values that it cannot read. */
export const settings: Check<Place> = {
  name: 'settings',
  async find({ io }) {
    const strange = misspelt(io.env).map(({ name, meant }) => ({
      level: 'warning' as const,
      text: `${name} is no variable of tq${didYouMean(name, variables)}`,
      fix: meant ? `export ${meant}="$${name}"; unset ${name}` : `unset ${name}`,
    }))
    try {
      const config = await readConfig(io.cwd, {}, io.env)
      const given = variables.filter(name => io.env[name]).length
      if (strange.length > 0) return strange
      return [{ level: 'ok', text: `namespace ${config.namespace}, ${given === 0 ? 'no' : given} TQ_ variables` }]
    } catch (error) {
      if (!(error instanceof TqError)) throw error
      const [variable] = /TQ_\w+/.exec(error.message) ?? []
      return [...strange, { level: 'failed', text: error.message, ...(variable ? { fix: `unset ${variable}` } : {}) }]
    }
  },
}

/** Variables that begin like those of tq and are none, with the one that was probably meant. */
export const misspelt = (env: NodeJS.ProcessEnv): { name: string; meant: string | undefined }[] =>
  Object.keys(env)
    .filter(name => name.startsWith('TQ_') && !name.startsWith('TQ_SECRET_') && !variables.includes(name))
    .map(name => ({ name, meant: nearest(name, variables) }))
