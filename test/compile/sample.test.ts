import test from 'ava'
import { codes } from './support.ts'

/** Documents of the language's reference, with what a later version brings left out. */
const task = (name: string, output: string): string =>
  `apiVersion: tq/v1\nkind: Task\nmetadata: { name: ${name} }\nspec: { handler: noop, outputSchema: { type: object, properties: { ${output} } } }\n---\n`

const head = (kind: string, name: string): string => `apiVersion: tq/v1\nkind: ${kind}\nmetadata: { name: ${name} }\n`

const samples: { [name: string]: string } = {
  'a chain with an error callback': `${task('reserve-stock', 'reservationId: { type: string }')}${task('charge-card', 'chargeId: { type: string }')}${head('Chain', 'checkout')}
spec:
  inputs:
    orderId: { type: string }
    customerId: { type: string }
    amount: { type: integer, minimum: 1 }
    express: { type: boolean, default: false }
  deadline: 1h
  steps:
    - id: reserve
      task: reserve-stock
      with: { orderId: "{{ inputs.orderId }}" }
    - id: charge
      task: charge-card
      with: { customerId: "{{ inputs.customerId }}", amount: "{{ inputs.amount }}" }
    - id: ship
      task: noop
      with:
        note: "order {{ inputs.orderId }} paid by {{ steps.charge.output.chargeId }}"
        service: "{{ if inputs.express 'next-day' 'standard' }}"
  output:
    chargeId: "{{ steps.charge.output.chargeId }}"
    tracking: "{{ steps.ship.output.tracking }}"
  onError:
    - do:
        - task: log
          with: { run: "{{ run.id }}", step: "{{ error.step }}", reason: "{{ error.name }}: {{ error.message }}" }
  finally:
    - task: log
      with: { orderId: "{{ inputs.orderId }}", state: "{{ run.state }}" }
`,
  'a group of which one may fail': `${head('Group', 'publish-photo')}
spec:
  inputs: { photo: { type: string, format: uri } }
  steps:
    - { id: small, task: noop, with: { src: "{{ inputs.photo }}", width: 320 } }
    - { id: tags, task: noop, with: { src: "{{ inputs.photo }}" }, allowFailure: true }
  output: { small: "{{ steps.small.output.url }}", tags: "{{ default steps.tags.output.tags (list) }}" }
`,
  'a chord over a list': `${head('Chord', 'month-end-invoices')}
spec:
  inputs:
    month: { type: string, pattern: "^[0-9]{4}-[0-9]{2}$" }
    customers: { type: array, items: { type: object, required: [id, email], properties: { id: { type: string }, email: { type: [string, "null"] } } } }
  header:
    - id: invoices
      forEach: { in: "{{ inputs.customers }}", as: customer, key: "{{ customer.id }}", concurrency: 50, maxFailures: 1% }
      chain:
        - { id: build, task: noop, with: { customerId: "{{ customer.id }}", month: "{{ inputs.month }}" } }
        - id: mail
          when: "{{ ne customer.email null }}"
          task: noop
          with: { to: "{{ customer.email }}", pdf: "{{ steps.build.output.pdf }}" }
      output: { id: "{{ customer.id }}", total: "{{ steps.build.output.total }}" }
  body:
    task: noop
    with: { month: "{{ inputs.month }}", invoices: "{{ steps.invoices.output }}", failed: "{{ steps.invoices.failedKeys }}" }
`,
  'a flow with a branch for failure': `apiVersion: tq/v1\nkind: Queue\nmetadata: { name: etl }\nspec: { concurrency: 4 }\n---\n${head('Flow', 'nightly-warehouse')}
spec:
  inputs: { day: { type: string, format: date }, full: { type: boolean, default: false } }
  deadline: 6h
  defaults: { retry: { max: 3, delay: 30s, backoff: exponential, jitter: full }, queue: etl }
  steps:
    - { id: orders, task: noop, with: { table: orders, day: "{{ inputs.day }}" } }
    - { id: refunds, task: noop, with: { table: refunds, day: "{{ inputs.day }}" }, allowFailure: true }
    - { id: history, when: "{{ inputs.full }}", task: noop }
    - id: join
      needs: [orders, refunds, history]
      task: noop
      with:
        orders: "{{ steps.orders.output.path }}"
        refunds: "{{ default steps.refunds.output.path null }}"
        history: "{{ default steps.history.output.path null }}"
    - { id: quality, needs: [join], task: noop, with: { path: "{{ steps.join.output.path }}" } }
    - { id: publish, needs: [quality], task: noop, with: { path: "{{ steps.join.output.path }}" } }
    - id: quarantine
      needs: [{ step: quality, on: failed }]
      task: noop
      with: { path: "{{ steps.join.output.path }}", why: "{{ steps.quality.error.message }}" }
`,
  'nested canvas': `${head('Chain', 'release-app')}
spec:
  inputs:
    version: { type: string }
    regions: { type: array, items: { type: string }, default: [eu, us] }
  steps:
    - { id: build, task: noop, with: { version: "{{ inputs.version }}" } }
    - id: verify
      group:
        - { id: unit, task: noop, with: { suite: unit, image: "{{ steps.build.output.image }}" } }
        - id: e2e
          chain:
            - { id: up, task: noop, with: { image: "{{ steps.build.output.image }}" } }
            - { id: tests, task: noop, with: { url: "{{ steps.up.output.url }}" }, retry: { max: 1 } }
          finally:
            - { task: noop, with: { env: "{{ default steps.up.output.env null }}" } }
        - id: scan
          chord:
            header:
              - { id: deps, task: noop, with: { image: "{{ steps.build.output.image }}" } }
              - { id: os, task: noop, with: { image: "{{ steps.build.output.image }}" } }
            body: { id: gate, task: noop, with: { reports: "{{ list steps.deps.output steps.os.output }}" } }
    - id: rollout
      forEach: { in: "{{ inputs.regions }}", as: region, concurrency: 1, stopOnFailure: true }
      task: noop
      with: { region: "{{ region }}", image: "{{ steps.build.output.image }}" }
`,
  'catch and recover': `${head('Chain', 'render-video')}
spec:
  inputs: { source: { type: string, format: uri } }
  steps:
    - id: thumbs
      task: noop
      with: { photo: "{{ inputs.source }}" }
      deadline: 12h
      onError:
        - on: [Timeout]
          recover: true
          do: [{ task: noop, with: { source: "{{ inputs.source }}" } }]
    - id: check
      when: "{{ eq steps.thumbs.output.state 'failed' }}"
      task: fail
      with: { name: RenderFailed, message: "{{ steps.thumbs.output.reason }}" }
`,
  'anchors and merge keys': `${head('Chain', 'shelf')}x-retry: &retry { max: 3 }
x-step: &step { task: noop, retry: *retry }
spec:
  steps:
    - { <<: *step, id: one }
    - { <<: *step, id: two, retry: { max: 1 } }
`,
}

for (const [name, text] of Object.entries(samples)) {
  test(`${name} compiles`, t => {
    t.deepEqual(codes(text), [])
  })
}
