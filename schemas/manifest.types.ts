/** Generated from manifest.json by generate.ts; do not edit. */

/**
 * One document of a tq manifest.
 */
export type Manifest = {
  /**
   * The version of the language.
   */
  apiVersion: 'tq/v1'
  /**
   * What the document declares.
   */
  kind: 'Task' | 'Queue' | 'Chain' | 'Group' | 'Chord' | 'Flow' | 'Schedule' | 'Hook'
  metadata: Metadata
  /**
   * The declaration itself; its fields depend on `kind`.
   */
  spec: {
    [k: string]: unknown
  }
  /**
   * Free: a shelf for YAML anchors.
   *
   * This interface was referenced by `undefined`'s JSON-Schema definition
   * via the `patternProperty` "^x-".
   */
  [k: string]:
    | {
        [k: string]: unknown
      }
    | 'tq/v1'
    | 'Task'
    | 'Queue'
    | 'Chain'
    | 'Group'
    | 'Chord'
    | 'Flow'
    | 'Schedule'
    | 'Hook'
    | Metadata
}
/**
 * An id: small letters, digits and hyphens, a letter first, at most 63.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "id".
 */
export type Id = string
/**
 * A name: small letters, digits and hyphens, a letter first, at most 63.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "name".
 */
export type Name = string
/**
 * A handler: its path under tasks/ without the extension.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "handlerName".
 */
export type HandlerName = string
/**
 * A duration: `500ms`, `30s`, `5m`, `1h30m`, `2d`.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "duration".
 */
export type Duration = string
/**
 * A rate: a count per time, like `100/s` or `5/10s`.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "rate".
 */
export type Rate = string
/**
 * A step: exactly one verb (`task workflow chain group chord flow`) and any modifiers.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "step".
 */
export type Step = {
  /**
   * Run the Task of that name or, where there is none, the handler.
   */
  task?: string
  /**
   * Run that workflow as a part of this run; `with` is its inputs, and its output is the step's.
   */
  workflow?: string
  /**
   * Steps one after the other; gives the output of the last.
   */
  chain?: Step[]
  /**
   * Steps all at once; gives a list in member order.
   */
  group?: Step[]
  /**
   * A group, then one step that sees all results.
   */
  chord?: {
    /**
     * The steps that run at once.
     */
    header: Step[]
    body: Step2
  }
  /**
   * Steps in the order of their `needs`; gives null unless `output` says.
   */
  flow?: Step[]
  /**
   * The name under which others refer to the step; unique in its scope.
   */
  id?: string
  /**
   * The input; any JSON with expressions in it.
   */
  with?: {
    [k: string]: unknown
  }
  /**
   * The shape of what others see; any JSON with expressions in it.
   */
  output?: {
    [k: string]: unknown
  }
  /**
   * A boolean expression; false skips the step.
   */
  when?: string | boolean
  /**
   * What the step waits for; only in a flow.
   */
  needs?: Need[]
  forEach?: ForEach
  retry?: Retry
  /**
   * Limit of one attempt.
   */
  timeout?: string
  /**
   * Limit of the whole, with waiting and retries.
   */
  deadline?: string
  /**
   * Another queue than the Task's.
   */
  queue?: string
  /**
   * 0 to 9, 9 first. Default 5.
   */
  priority?: number
  /**
   * A failure counts as a warning only.
   */
  allowFailure?: boolean
  /**
   * What is done when it fails; the first entry that matches counts.
   */
  onError?: Handler[]
  /**
   * Steps that always run last, one after the other, whatever the result.
   */
  finally?: Step[]
} & Step1
/**
 * The step that runs after them, with the list of their outputs.
 */
export type Step2 = {
  /**
   * Run the Task of that name or, where there is none, the handler.
   */
  task?: string
  /**
   * Run that workflow as a part of this run; `with` is its inputs, and its output is the step's.
   */
  workflow?: string
  /**
   * Steps one after the other; gives the output of the last.
   */
  chain?: Step[]
  /**
   * Steps all at once; gives a list in member order.
   */
  group?: Step[]
  /**
   * A group, then one step that sees all results.
   */
  chord?: {
    /**
     * The steps that run at once.
     */
    header: Step[]
    body: Step2
  }
  /**
   * Steps in the order of their `needs`; gives null unless `output` says.
   */
  flow?: Step[]
  /**
   * The name under which others refer to the step; unique in its scope.
   */
  id?: string
  /**
   * The input; any JSON with expressions in it.
   */
  with?: {
    [k: string]: unknown
  }
  /**
   * The shape of what others see; any JSON with expressions in it.
   */
  output?: {
    [k: string]: unknown
  }
  /**
   * A boolean expression; false skips the step.
   */
  when?: string | boolean
  /**
   * What the step waits for; only in a flow.
   */
  needs?: Need[]
  forEach?: ForEach
  retry?: Retry
  /**
   * Limit of one attempt.
   */
  timeout?: string
  /**
   * Limit of the whole, with waiting and retries.
   */
  deadline?: string
  /**
   * Another queue than the Task's.
   */
  queue?: string
  /**
   * 0 to 9, 9 first. Default 5.
   */
  priority?: number
  /**
   * A failure counts as a warning only.
   */
  allowFailure?: boolean
  /**
   * What is done when it fails; the first entry that matches counts.
   */
  onError?: Handler[]
  /**
   * Steps that always run last, one after the other, whatever the result.
   */
  finally?: Step[]
} & {
  [k: string]: unknown
}
/**
 * The id of a step to wait for, `{step, on: failed}`, or `{any: [...]}`.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "need".
 */
export type Need =
  | string
  | {
      /**
       * The id of a step.
       */
      step?: string
      /**
       * What is waited for: `met` is succeeded, skipped, or failed but allowed; `failed` is failed or cancelled.
       */
      on?: 'met' | 'failed'
      /**
       * The first of these is enough.
       *
       * @minItems 1
       */
      any?: [
        (
          | string
          | {
              /**
               * The id of a step.
               */
              step: string
              /**
               * What is waited for.
               */
              on?: 'met' | 'failed'
            }
        ),
        ...(
          | string
          | {
              /**
               * The id of a step.
               */
              step: string
              /**
               * What is waited for.
               */
              on?: 'met' | 'failed'
            }
        )[]
      ]
    }
export type Step1 = {
  [k: string]: unknown
}
/**
 * A step: exactly one verb (`task workflow chain group chord flow`) and any modifiers.
 */
export type Step3 = {
  /**
   * Run the Task of that name or, where there is none, the handler.
   */
  task?: string
  /**
   * Run that workflow as a part of this run; `with` is its inputs, and its output is the step's.
   */
  workflow?: string
  /**
   * Steps one after the other; gives the output of the last.
   */
  chain?: Step[]
  /**
   * Steps all at once; gives a list in member order.
   */
  group?: Step[]
  /**
   * A group, then one step that sees all results.
   */
  chord?: {
    /**
     * The steps that run at once.
     */
    header: Step[]
    body: Step2
  }
  /**
   * Steps in the order of their `needs`; gives null unless `output` says.
   */
  flow?: Step[]
  /**
   * The name under which others refer to the step; unique in its scope.
   */
  id?: string
  /**
   * The input; any JSON with expressions in it.
   */
  with?: {
    [k: string]: unknown
  }
  /**
   * The shape of what others see; any JSON with expressions in it.
   */
  output?: {
    [k: string]: unknown
  }
  /**
   * A boolean expression; false skips the step.
   */
  when?: string | boolean
  /**
   * What the step waits for; only in a flow.
   */
  needs?: Need[]
  forEach?: ForEach
  retry?: Retry
  /**
   * Limit of one attempt.
   */
  timeout?: string
  /**
   * Limit of the whole, with waiting and retries.
   */
  deadline?: string
  /**
   * Another queue than the Task's.
   */
  queue?: string
  /**
   * 0 to 9, 9 first. Default 5.
   */
  priority?: number
  /**
   * A failure counts as a warning only.
   */
  allowFailure?: boolean
  /**
   * What is done when it fails; the first entry that matches counts.
   */
  onError?: Handler[]
  /**
   * Steps that always run last, one after the other, whatever the result.
   */
  finally?: Step[]
} & {
  [k: string]: unknown
}
/**
 * A moment with its offset: `2027-01-31T08:00:00Z`.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "time".
 */
export type Time = string
/**
 * What is passed: name to value, with expressions over `trigger`.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "with".
 */
export type With =
  | {
      [k: string]: unknown
    }
  | string
/**
 * The name of a secret, as the environment or a folder has it: `stripe/webhook`.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "secretName".
 */
export type SecretName = string

/**
 * Who the document is.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "metadata".
 */
export interface Metadata {
  /**
   * Unique among its kind; the four workflow kinds are one.
   */
  name: string
  /**
   * Where the name is looked up. Default: `default`.
   */
  namespace?: string
  /**
   * Free words to find it by.
   */
  labels?: {
    [k: string]: string
  }
  /**
   * A sentence for people.
   */
  description?: string
}
/**
 * Retries after a failure.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "retry".
 */
export interface Retry {
  /**
   * Retries after the first attempt.
   */
  max: number
  /**
   * The time before the first retry. Default 1s.
   */
  delay?: string
  /**
   * How the delay grows. Default exponential.
   */
  backoff?: 'fixed' | 'linear' | 'exponential'
  /**
   * What the delay does not grow beyond. Default 5m.
   */
  maxDelay?: string
  /**
   * `full`: a random time up to the delay; `none`: exactly the delay. Default full.
   */
  jitter?: 'full' | 'none'
  /**
   * Only errors with these names are retried.
   */
  only?: string[]
  /**
   * Errors with these names are not retried.
   */
  except?: string[]
}
/**
 * One entry of `onError`.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "handler".
 */
export interface Handler {
  /**
   * Names of errors; absent: any error.
   *
   * @minItems 1
   */
  on?: [string, ...string[]]
  /**
   * True: the output of `do` becomes the output of what failed, which counts as succeeded.
   */
  recover?: boolean
  /**
   * What is done, one after the other.
   */
  do: Step[]
}
/**
 * Does the step once for each item of a list.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "forEach".
 */
export interface ForEach {
  /**
   * The list.
   */
  in: string | unknown[]
  /**
   * The name under which expressions see the item. Default `item`.
   */
  as?: string
  /**
   * Only items for which this is true.
   */
  where?: string | boolean
  /**
   * A name of the item for people; must be unique.
   */
  key?: string
  /**
   * At most so many items at once.
   */
  concurrency?: number
  /**
   * Hand over lists of so many items.
   */
  batch?: number
  /**
   * How many items may fail: a count or a share like `1%`. Default 0.
   */
  maxFailures?: number | string
  /**
   * Start nothing new once more than `maxFailures` items failed.
   */
  stopOnFailure?: boolean
}
/**
 * A handler with its policies.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "taskSpec".
 */
export interface TaskSpec {
  /**
   * The handler: its path under tasks/ without the extension.
   */
  handler: string
  /**
   * Where its jobs wait. Default: `default`.
   */
  queue?: string
  /**
   * JSON Schema of the input.
   */
  inputSchema?:
    | {
        [k: string]: unknown
      }
    | boolean
  /**
   * JSON Schema of the output.
   */
  outputSchema?:
    | {
        [k: string]: unknown
      }
    | boolean
  /**
   * The names of the errors that the handler throws.
   */
  errors?: string[]
  retry?: Retry
  /**
   * Limit of one attempt.
   */
  timeout?: string
  /**
   * Limit of the whole, with waiting and retries.
   */
  deadline?: string
  /**
   * What happens to a job whose worker died: run it again, or fail. Default requeue.
   */
  onLost?: 'requeue' | 'fail'
  /**
   * 0 to 9, 9 first. Default 5.
   */
  priority?: number
}
/**
 * A queue; all its fields are live.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "queueSpec".
 */
export interface QueueSpec {
  /**
   * At most so many of its jobs at once.
   */
  concurrency?: number
  /**
   * At most so many starts.
   */
  rateLimit?: string
  /**
   * True: nothing is started.
   */
  paused?: boolean
  /**
   * The queue's topic, where messages go through Kafka. `tq apply` creates it; one that exists is not changed.
   */
  topic?: {
    /**
     * As many workers at most are told of single jobs at once; others pull. Default 6.
     */
    partitions?: number
    /**
     * Copies of each message. Default 3, or as many as there are brokers.
     */
    replication?: number
    /**
     * How long messages are kept: hints, so an hour is plenty, and the default.
     */
    retention?: string
  }
}
/**
 * Steps one after the other.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "chainSpec".
 */
export interface ChainSpec {
  /**
   * What a run is started with: name to JSON Schema. Required unless the schema has a `default`.
   */
  inputs?: {
    [k: string]:
      | {
          [k: string]: unknown
        }
      | boolean
  }
  /**
   * The shape of the result; any JSON with expressions in it.
   */
  output?: {
    [k: string]: unknown
  }
  /**
   * Policies of steps whose own and whose Task's are absent, key by key.
   */
  defaults?: {
    retry?: Retry1
    /**
     * The queue of steps that say nothing.
     */
    queue?: string
    /**
     * Limit of one attempt.
     */
    timeout?: string
  }
  /**
   * Limit of the whole run, with waiting and retries.
   */
  deadline?: string
  /**
   * What is done when it fails; the first entry that matches counts.
   */
  onError?: Handler[]
  /**
   * Steps that always run last, one after the other, whatever the result.
   */
  finally?: Step[]
  /**
   * The steps, in order.
   */
  steps: Step[]
}
/**
 * Retries after a failure.
 */
export interface Retry1 {
  /**
   * Retries after the first attempt.
   */
  max: number
  /**
   * The time before the first retry. Default 1s.
   */
  delay?: string
  /**
   * How the delay grows. Default exponential.
   */
  backoff?: 'fixed' | 'linear' | 'exponential'
  /**
   * What the delay does not grow beyond. Default 5m.
   */
  maxDelay?: string
  /**
   * `full`: a random time up to the delay; `none`: exactly the delay. Default full.
   */
  jitter?: 'full' | 'none'
  /**
   * Only errors with these names are retried.
   */
  only?: string[]
  /**
   * Errors with these names are not retried.
   */
  except?: string[]
}
/**
 * Steps all at once.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "groupSpec".
 */
export interface GroupSpec {
  /**
   * What a run is started with: name to JSON Schema. Required unless the schema has a `default`.
   */
  inputs?: {
    [k: string]:
      | {
          [k: string]: unknown
        }
      | boolean
  }
  /**
   * The shape of the result; any JSON with expressions in it.
   */
  output?: {
    [k: string]: unknown
  }
  /**
   * Policies of steps whose own and whose Task's are absent, key by key.
   */
  defaults?: {
    retry?: Retry2
    /**
     * The queue of steps that say nothing.
     */
    queue?: string
    /**
     * Limit of one attempt.
     */
    timeout?: string
  }
  /**
   * Limit of the whole run, with waiting and retries.
   */
  deadline?: string
  /**
   * What is done when it fails; the first entry that matches counts.
   */
  onError?: Handler[]
  /**
   * Steps that always run last, one after the other, whatever the result.
   */
  finally?: Step[]
  /**
   * The members.
   */
  steps: Step[]
}
/**
 * Retries after a failure.
 */
export interface Retry2 {
  /**
   * Retries after the first attempt.
   */
  max: number
  /**
   * The time before the first retry. Default 1s.
   */
  delay?: string
  /**
   * How the delay grows. Default exponential.
   */
  backoff?: 'fixed' | 'linear' | 'exponential'
  /**
   * What the delay does not grow beyond. Default 5m.
   */
  maxDelay?: string
  /**
   * `full`: a random time up to the delay; `none`: exactly the delay. Default full.
   */
  jitter?: 'full' | 'none'
  /**
   * Only errors with these names are retried.
   */
  only?: string[]
  /**
   * Errors with these names are not retried.
   */
  except?: string[]
}
/**
 * A group, then one step that sees all results.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "chordSpec".
 */
export interface ChordSpec {
  /**
   * What a run is started with: name to JSON Schema. Required unless the schema has a `default`.
   */
  inputs?: {
    [k: string]:
      | {
          [k: string]: unknown
        }
      | boolean
  }
  /**
   * The shape of the result; any JSON with expressions in it.
   */
  output?: {
    [k: string]: unknown
  }
  /**
   * Policies of steps whose own and whose Task's are absent, key by key.
   */
  defaults?: {
    retry?: Retry3
    /**
     * The queue of steps that say nothing.
     */
    queue?: string
    /**
     * Limit of one attempt.
     */
    timeout?: string
  }
  /**
   * Limit of the whole run, with waiting and retries.
   */
  deadline?: string
  /**
   * What is done when it fails; the first entry that matches counts.
   */
  onError?: Handler[]
  /**
   * Steps that always run last, one after the other, whatever the result.
   */
  finally?: Step[]
  /**
   * The steps that run at once.
   */
  header: Step[]
  body: Step3
}
/**
 * Retries after a failure.
 */
export interface Retry3 {
  /**
   * Retries after the first attempt.
   */
  max: number
  /**
   * The time before the first retry. Default 1s.
   */
  delay?: string
  /**
   * How the delay grows. Default exponential.
   */
  backoff?: 'fixed' | 'linear' | 'exponential'
  /**
   * What the delay does not grow beyond. Default 5m.
   */
  maxDelay?: string
  /**
   * `full`: a random time up to the delay; `none`: exactly the delay. Default full.
   */
  jitter?: 'full' | 'none'
  /**
   * Only errors with these names are retried.
   */
  only?: string[]
  /**
   * Errors with these names are not retried.
   */
  except?: string[]
}
/**
 * Steps in the order of their needs.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "flowSpec".
 */
export interface FlowSpec {
  /**
   * What a run is started with: name to JSON Schema. Required unless the schema has a `default`.
   */
  inputs?: {
    [k: string]:
      | {
          [k: string]: unknown
        }
      | boolean
  }
  /**
   * The shape of the result; any JSON with expressions in it.
   */
  output?: {
    [k: string]: unknown
  }
  /**
   * Policies of steps whose own and whose Task's are absent, key by key.
   */
  defaults?: {
    retry?: Retry4
    /**
     * The queue of steps that say nothing.
     */
    queue?: string
    /**
     * Limit of one attempt.
     */
    timeout?: string
  }
  /**
   * Limit of the whole run, with waiting and retries.
   */
  deadline?: string
  /**
   * What is done when it fails; the first entry that matches counts.
   */
  onError?: Handler[]
  /**
   * Steps that always run last, one after the other, whatever the result.
   */
  finally?: Step[]
  /**
   * The steps, in any order.
   */
  steps: Step[]
}
/**
 * Retries after a failure.
 */
export interface Retry4 {
  /**
   * Retries after the first attempt.
   */
  max: number
  /**
   * The time before the first retry. Default 1s.
   */
  delay?: string
  /**
   * How the delay grows. Default exponential.
   */
  backoff?: 'fixed' | 'linear' | 'exponential'
  /**
   * What the delay does not grow beyond. Default 5m.
   */
  maxDelay?: string
  /**
   * `full`: a random time up to the delay; `none`: exactly the delay. Default full.
   */
  jitter?: 'full' | 'none'
  /**
   * Only errors with these names are retried.
   */
  only?: string[]
  /**
   * Errors with these names are not retried.
   */
  except?: string[]
}
/**
 * Starts a workflow at certain times: `cron`, `every` or `solar`.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "scheduleSpec".
 */
export interface ScheduleSpec {
  /**
   * What is started.
   */
  workflow: string
  with?: With
  /**
   * Five fields (minute, hour, day, month, weekday), or `@hourly` and kin; six with `seconds`.
   */
  cron?: string
  /**
   * True: `cron` has six fields, seconds first.
   */
  seconds?: boolean
  /**
   * The zone of `cron`, required with it: `Europe/Lisbon`, `UTC`.
   */
  timezone?: string
  /**
   * An interval of at least 1s, counted from `anchor`.
   */
  every?: string
  /**
   * A moment from which `every` is counted, forwards and backwards. Default: 1970-01-01T00:00:00Z.
   */
  anchor?: string
  /**
   * An event of the sun at a place.
   */
  solar?: {
    /**
     * Which; on polar days and nights there is none.
     */
    event:
      | 'dawn-astronomical'
      | 'dawn-nautical'
      | 'dawn-civil'
      | 'sunrise'
      | 'noon'
      | 'sunset'
      | 'dusk-civil'
      | 'dusk-nautical'
      | 'dusk-astronomical'
    /**
     * Degrees, north positive.
     */
    latitude: number
    /**
     * Degrees, east positive.
     */
    longitude: number
  }
  /**
   * No fire time before it.
   */
  start?: string
  /**
   * No fire time after it.
   */
  end?: string
  /**
   * Days without a fire time, in the schedule’s zone, else UTC: `2026-12-25`.
   */
  except?: string[]
  /**
   * Each fire is late by up to so much, always by the same for one fire time.
   */
  jitter?: string
  /**
   * What happens where the run before is still open. Default allow.
   */
  overlap?: 'skip' | 'queue' | 'allow' | 'cancel-running'
  /**
   * What happens to fire times that were missed for more than two minutes: a policy, or an object with its bounds.
   */
  catchUp?:
    | string
    | {
        /**
         * `none`: they are dropped; `last`: the latest runs; `each`: all run. Default last.
         */
        policy?: 'none' | 'last' | 'each'
        /**
         * Older ones are dropped. Default for `each`: 1d.
         */
        within?: string
        /**
         * With `each`: at most so many runs at once. Default 1.
         */
        concurrency?: number
      }
  /**
   * True: paused when it is first applied. Later `tq schedule pause` and `resume` say.
   */
  paused?: boolean
}
/**
 * Starts a workflow when an HTTP request comes.
 *
 * This interface was referenced by `undefined`'s JSON-Schema
 * via the `definition` "hookSpec".
 */
export interface HookSpec {
  /**
   * Where it is: `/stripe` is served as `/hooks/stripe`. One hook a path.
   */
  path: string
  /**
   * What requests may be. Default POST.
   *
   * @minItems 1
   */
  methods?: ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', ...('GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')[]]
  /**
   * How a sender proves who it is, or `none`.
   */
  verify:
    | string
    | {
        /**
         * How the sender signs.
         */
        scheme: 'standard-webhooks' | 'github' | 'stripe' | 'slack' | 'hmac' | 'bearer'
        /**
         * The name of the secret; a list of names while it changes: any of them is right.
         *
         * @minItems 1
         * @maxItems 5
         */
        secret:
          | string
          | [SecretName]
          | [SecretName, SecretName]
          | [SecretName, SecretName, SecretName]
          | [SecretName, SecretName, SecretName, SecretName]
          | [SecretName, SecretName, SecretName, SecretName, SecretName]
        /**
         * Where the signature is, for `hmac` (default `X-Signature`) and `bearer` (default `Authorization`).
         */
        header?: string
        /**
         * How old a delivery may be, for schemes that sign the time. Default 5m.
         */
        tolerance?: string
      }
  /**
   * A JSON Schema that the body must keep; else 400.
   */
  body?:
    | {
        [k: string]: unknown
      }
    | boolean
  /**
   * A condition over `trigger`; where it is false the answer is 204 and nothing starts.
   */
  when?: string | boolean
  /**
   * At most so many requests, over all servers; else 429.
   */
  rateLimit?: string
  /**
   * What requests have in common that mean the same: they start one run. Default: the delivery's id, where the scheme has one.
   */
  idempotencyKey?: string | number
  /**
   * How long a key is kept, at least. Default 3d.
   */
  idempotencyTtl?: string
  /**
   * What is started.
   */
  workflow: string
  with?: With
  /**
   * What is answered.
   */
  reply?: {
    /**
     * `accepted`: at once, 202 and where the run is; `result`: its output, 202 where that takes longer than `timeout`.
     */
    mode: 'accepted' | 'result'
    /**
     * How long `result` waits. Default 10s, at most 5m.
     */
    timeout?: string
  }
}
