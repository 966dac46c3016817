import { contentHash } from '../../model/canonical.ts'
import { TqError } from '../../model/errors.ts'
import { readReview, type ReviewPart, storeReview } from '../../store/change.ts'
import type { AppliedRow } from '../../store/manifest.ts'
import type { Sql } from '../../store/sql.ts'

/** So long is it known what a diff has shown, ms. */
const keepMs = 30 * 86_400_000

/**
 * The id of what is about to be changed: of what each manifest becomes, and of the revision that it was at. The same manifests against
 * the same state have the same id, on any machine.
 */
export const reviewId = (parts: ReviewPart[]): string => contentHash(parts.map(Object.values)).slice(0, 8)

/** Keeps what was shown under its id, so that `checkReview` can say what has moved since. */
export const keepReview = async (sql: Sql, namespace: string, parts: ReviewPart[]): Promise<string> => {
  const id = reviewId(parts)
  await storeReview(sql, { namespace, id, parts, keepMs })
  return id
}

/**
 * Holds what is about to be changed against what was shown.
 *
 * @param uses what each manifest is made of besides, by its key
 * @throws CONFLICT which says what has moved, in the files or in the database; NOT_FOUND where nobody knows this id
 */
export const checkReview = async (
  sql: Sql,
  {
    namespace,
    id,
    parts,
    applied,
    uses,
  }: {
    namespace: string
    id: string
    parts: ReviewPart[]
    applied: Map<string, AppliedRow>
    uses: Map<string, string[]>
  },
): Promise<void> => {
  const now = reviewId(parts)
  if (now === id) return
  const shown = await readReview(sql, { namespace, id })
  if (!shown)
    throw new TqError(
      'NOT_FOUND',
      `no diff ${id} is known here; \`tq diff\` prints the id of what would be changed${parts.length > 0 ? `, which now is ${now}` : ', and now that is nothing'}`,
    )
  const moved = whatMoved(shown, parts, applied, uses)
  throw new TqError(
    'CONFLICT',
    `this is not what diff ${id} has shown:\n${moved.map(line => `  ${line}`).join('\n')}\nNothing was changed. Look at it again: tq diff`,
    { diff: id, moved },
  )
}

const whatMoved = (
  { parts: before, made_at: shownAt }: { parts: ReviewPart[]; made_at: Date },
  after: ReviewPart[],
  applied: Map<string, AppliedRow>,
  uses: Map<string, string[]>,
): string[] => {
  const [shown, now] = [before, after].map(parts => new Map(parts.map(part => [part.key, part]))) as [
    Map<string, ReviewPart>,
    Map<string, ReviewPart>,
  ]
  const since = (key: string): string | undefined => {
    const row = applied.get(key)
    return row && row.applied_at > shownAt ? `was applied since (revision ${row.revision})` : undefined
  }
  return [...new Set([...shown.keys(), ...now.keys()])].sort().flatMap(key => {
    const [was, is] = [shown.get(key), now.get(key)]
    const current = applied.get(key)?.revision ?? 0
    if (was && was.from !== current)
      return [
        current === 0
          ? `${key} was at revision ${was.from} in the database, and is not there any more`
          : was.from === 0
            ? `${key} was not in the database, and ${since(key) ?? `is there now (revision ${current})`}`
            : `${key} was at revision ${was.from} in the database, and is at ${current} now`,
      ]
    if (!was) return [`${key} would be ${is!.action} as well${reasonOf(key, since, uses)}`]
    if (!is) return [`${key} would not be ${was.action}: these manifests have it as it is, or not at all`]
    if (was.action !== is.action)
      return [`${key} would be ${is.action}, not ${was.action}: other options, or its runs have moved`]
    if (was.to !== is.to) return [`${key} is another in these manifests (or by these values)`]
    if (was.plan !== is.plan) return [`${key} is compiled to something else${reasonOf(key, since, uses)}`]
    return []
  })
}

/** What a manifest uses may have moved, and so its plan. */
const reasonOf = (key: string, since: (key: string) => string | undefined, uses: Map<string, string[]>): string => {
  if (since(key)) return `: it ${since(key)}`
  const used = (uses.get(key) ?? []).find(since)
  return used ? `: ${used}, which it uses, ${since(used)}` : ': these manifests are not those that were shown'
}
