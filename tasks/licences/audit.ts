import { defineTask } from '../../engine/task.ts'

type Input = { licences: { [licence: string]: number }; allowed?: string[] }

/** A licence is in use that is not among the allowed. */
class LicenceRefused extends Error {}

const usual = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Python-2.0',
  'Unlicense',
]

/** Fails when a package has a licence that is not allowed. `A OR B` is allowed when one of the two is. */
export default defineTask<Input, { checked: number }>(({ licences, allowed = usual }) => {
  const permits = (licence: string) =>
    licence
      .replace(/[()]/g, '')
      .split(' OR ')
      .some(one => allowed.includes(one.trim()))
  const refused = Object.keys(licences).filter(licence => !permits(licence))
  if (refused.length > 0)
    throw new LicenceRefused(`not allowed: ${refused.map(licence => `${licence} (${licences[licence]})`).join(', ')}`)
  return { checked: Object.keys(licences).length }
})
