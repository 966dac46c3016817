import type { Check, Place } from './index.ts'

/** The first version that runs TypeScript without a flag. */
const minimum = 24

export const node: Check<Place> = {
  name: 'node',
  async find() {
    const { node: version } = process.versions
    if (Number(version.split('.')[0]) >= minimum) return [{ level: 'ok', text: version }]
    return [
      {
        level: 'failed',
        text: `${version}; ${minimum} or newer is needed`,
        fix: 'npm install --include=optional brings one',
      },
    ]
  },
}
