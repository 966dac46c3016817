import { readdirSync, readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

/** What every reader of manifests pays: the `yaml` library alone, on the files of a folder. */
const [folder] = process.argv.slice(2)
for (const file of readdirSync(folder!)) parseAllDocuments(readFileSync(`${folder}/${file}`, 'utf8'))
