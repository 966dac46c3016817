/** The path of a job: an item's has its position. */
export const pathOf = (path: string, item: number | null): string => (item === null ? path : `${path}[${item}]`)

/** How often a job's worker or child may die before it fails (semantics R3). */
export const lostLimit = 3

/** When a job whose handler is not here is looked at again, ms. */
export const handlerAgainMs = 5000
