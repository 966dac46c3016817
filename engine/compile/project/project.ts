import { type Catalog, catalogOf } from '../catalog.ts'
import { parse, type Source } from '../text/parse.ts'
import { validate } from '../schema/validate.ts'

/** What names mean in a project's manifests, whatever mistakes there still are: for editors and types. */
export const readProject = (sources: Source[], handlers: string[] | null): Catalog =>
  catalogOf(
    [],
    sources.flatMap(source =>
      parse(source).documents.map(document => ({ document, broken: validate(document).broken.size > 0 })),
    ),
    handlers,
  )
