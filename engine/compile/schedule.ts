import type { TriggerForm } from './trigger.ts'

const moment = { type: 'string' }
const moments = { type: ['string', 'null'] }

/** A Schedule: its expressions see the fire time, which is nominal, however late the run is. */
export const schedule: TriggerForm = {
  root: () => ({
    type: 'object',
    additionalProperties: false,
    required: ['kind', 'name', 'time', 'previous', 'next', 'scheduledFor'],
    properties: {
      kind: { const: 'schedule' },
      name: { type: 'string' },
      time: moment,
      previous: moments,
      next: moments,
      scheduledFor: moment,
    },
  }),
  expressions: {},
}
