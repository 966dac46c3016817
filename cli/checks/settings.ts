import { didYouMean, readConfig, TqError, variables } from '../../engine/reader.ts'
import type { Check, Place } from './index.ts'

/** Variables that begin like those of tq and are none, and values that it cannot read. */
export const settings: Check<Place> = {
  name: 'settings',
  async find({ io }) {
    const unknown = Object.keys(io.env).filter(
      name => name.startsWith('TQ_') && !name.startsWith('TQ_SECRET_') && !variables.includes(name),
    )
    const strange = unknown.map(name => ({
      level: 'warning' as const,
      text: `${name} is no variable of tq${didYouMean(name, variables)}`,
      fix: `unset ${name}`,
    }))
    try {
      const config = await readConfig(io.cwd, {}, io.env)
      const given = variables.filter(name => io.env[name]).length
      return [
        ...strange,
        { level: 'ok', text: `namespace ${config.namespace}, ${given === 0 ? 'no' : given} TQ_ variables` },
      ]
    } catch (error) {
      if (!(error instanceof TqError)) throw error
      const [variable] = /TQ_\w+/.exec(error.message) ?? []
      return [...strange, { level: 'failed', text: error.message, ...(variable ? { fix: `unset ${variable}` } : {}) }]
    }
  },
}
