import type { CommandSpec } from '../../command.ts'
import { drain, files, output, recursive, values } from './flags.ts'

/** Writing manifests, and changing what is applied. */
export const manifests: CommandSpec[] = [
  {
    usage: 'validate',
    summary: 'checks manifests without any database',
    options: [files, recursive, values, ['-o, --output <format>', 'how the answer is printed', 'table']],
    formats: ['table', 'json', 'github', 'sarif'],
    examples: ['tq validate', 'tq validate -f manifests/licence-report.yaml', 'tq validate -o github'],
    load: () => import('../validate.ts'),
  },
  {
    usage: 'schema',
    summary: 'a JSON Schema of manifests for editors: your tasks by name, and what each is given',
    options: [
      files,
      recursive,
      ['--vscode', 'writes it to .tq/schema.json and tells VS Code of it'],
      ['--types', 'writes the TypeScript types of tasks and workflows to tq.d.ts'],
    ],
    examples: ['tq schema --vscode', 'tq schema --types', 'tq schema > schema.json'],
    load: () => import('../schema.ts'),
  },
  {
    usage: 'explain [code]',
    summary:
      'what an error code means and how to mend it: of a diagnostic, a command or a job; without one all of them',
    options: [output],
    examples: ['tq explain', 'tq explain MAY_BE_MISSING'],
    load: () => import('../explain.ts'),
  },
  {
    usage: 'plan <workflow>',
    words: ['startable'],
    summary: 'the compiled execution plan of a workflow or Task: from files with -f, else as applied',
    options: [['-f, --file <path>', 'file, folder, or - for standard input'], recursive, values, output],
    examples: ['tq plan licence-report', 'tq plan licence-report -f manifests/ -o json'],
    load: () => import('../plan.ts'),
  },
  {
    usage: 'diff',
    summary: 'what `tq apply` with the same flags would do, field by field; exits with 1 where that is something',
    options: [
      files,
      recursive,
      values,
      ['--prune', 'with what would be deleted: applied from the same place, and not there any more'],
      drain,
      output,
    ],
    examples: ['tq diff', 'tq diff -f manifests/ --values prod.yaml', 'tq diff --prune -o json'],
    load: () => import('../diff.ts'),
  },
  {
    usage: 'apply',
    summary: 'makes manifests the current ones: all or nothing',
    options: [
      files,
      recursive,
      values,
      ['--dry-run', 'says what would change, as `tq diff` does, and changes nothing'],
      ['--diff <id>', 'applies exactly what `tq diff` has shown, or says what has moved since'],
      ['--prune', 'deletes what was applied from the same place and is not there any more'],
      drain,
      ['--detailed-exitcode', 'exit 10 where something changed'],
      output,
    ],
    examples: [
      'tq apply',
      'tq apply -f manifests/ --values prod.yaml',
      'tq apply --diff 9f31c2aa',
      'tq apply -f manifests/ --prune',
    ],
    load: () => import('../apply.ts'),
  },
  {
    usage: 'delete <names...>',
    words: ['manifest'],
    summary: 'deletes manifests that are applied, all of them or none; their revisions and runs stay',
    options: [drain, ['--dry-run', 'says what would change, changes nothing'], output],
    examples: ['tq delete hook/old-stripe', 'tq delete workflow/checkout schedule/nightly --drain'],
    load: () => import('../delete.ts'),
  },
  {
    usage: 'history <name>',
    words: ['manifest'],
    summary: 'every revision of a manifest, and how many runs stay on each',
    options: [output],
    examples: ['tq history licence-report', 'tq history task/charge -o json'],
    load: () => import('../history.ts'),
  },
  {
    usage: 'rollback <name>',
    words: ['manifest'],
    summary: 'makes an older revision the current one again; runs keep the one they have',
    options: [
      ['--to <revision>', 'which (default: the last that was different)'],
      ['--dry-run', 'says what would change, changes nothing'],
      output,
    ],
    examples: ['tq rollback licence-report', 'tq rollback licence-report --to 3 --dry-run'],
    load: () => import('../rollback.ts'),
  },
  {
    usage: 'export [name]',
    words: ['manifest'],
    summary: 'what is applied, as it was written, comments included',
    options: [['--values', 'instead the values of config that it was applied with']],
    examples: ['tq export', 'tq export workflow/licence-report', 'tq export --values'],
    load: () => import('../export.ts'),
  },
]
