import type { CommandSpec } from '../../command.ts'
import { output } from './flags.ts'

/** What starts runs by itself. */
export const triggers: CommandSpec[] = [
  {
    usage: 'schedule <action> [name]',
    words: [['next', 'pause', 'resume', 'trigger', 'backfill'], 'schedule'],
    summary:
      'next: its fire times; pause, resume; trigger: runs it now; backfill: runs fire times of the past, at most once each',
    options: [
      ['--from <time>', 'next: after this moment (default: now); backfill: from this one on'],
      ['--to <time>', 'backfill: before this moment (default: now)'],
      ['--count <n>', 'next: so many (default 5)'],
      ['--cron <expression>', 'next: of this expression instead of a schedule, with --timezone'],
      ['--seconds', 'next: --cron has six fields, seconds first'],
      ['--timezone <zone>', 'next: the zone of --cron'],
      ['--concurrency <n>', 'backfill: at most so many runs at once (default 1)'],
      ['--dry-run', 'backfill: says what would run'],
      ['--cancel', 'backfill: stops it; runs that have started go on'],
      output,
    ],
    examples: [
      'tq schedule next nightly --from 2027-03-27T12:00Z --count 3',
      "tq schedule next --cron '30 1 * * *' --timezone Europe/Lisbon",
      'tq schedule pause nightly',
      'tq schedule trigger nightly',
      'tq schedule backfill nightly --from 2026-01-01T00:00Z --to 2026-02-01T00:00Z --concurrency 2',
    ],
    load: () => import('../schedule.ts'),
  },
  {
    usage: 'hook <action> [name]',
    words: [['url', 'sign', 'send', 'rotate', 'rejections'], 'hook'],
    summary:
      'url: where a hook is; sign: the headers of a delivery; send: a delivery; rotate: a new secret; rejections: what started nothing, and why',
    options: [
      ['--data <text>', 'the body of a delivery (default {})'],
      ['--file <file>', 'the body from a file, or - for standard input'],
      ['--id <id>', 'the id of the delivery (default: a new one)'],
      ['--limit <n>', 'at most so many rejections (default 20)'],
      output,
    ],
    examples: [
      'tq hook url hello',
      'tq hook send hello --data \'{"name":"Ada"}\'',
      'curl -H @<(tq hook sign github-push --file push.json) --data-binary @push.json "$(tq hook url github-push)"',
      'tq hook rotate stripe-payments',
      'tq hook rejections',
    ],
    load: () => import('../hook.ts'),
  },
]
