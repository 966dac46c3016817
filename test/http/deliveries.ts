import type { Headers } from '../../engine/http/scheme/index.ts'
import type { Json } from '../../engine/client.ts'

/** Deliveries in the shapes that senders' documentation records: their headers, their body, and what names the happening. */
export const deliveries: {
  [title: string]: { scheme: string; headers: Headers; body: Json; delivery: string }
} = {
  'a push to a repository at GitHub': {
    scheme: 'github',
    headers: {
      accept: '*/*',
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-github-event': 'push',
      'x-github-hook-id': '292430182',
      'x-github-hook-installation-target-id': '79929171',
      'x-github-hook-installation-target-type': 'repository',
    },
    body: {
      ref: 'refs/heads/main',
      before: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
      after: '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c',
      created: false,
      deleted: false,
      forced: false,
      base_ref: null,
      compare: 'https://github.com/Codertocat/Hello-World/compare/6113728f27ae...0d1a26e67d8f',
      repository: {
        id: 186853002,
        node_id: 'MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=',
        name: 'Hello-World',
        full_name: 'Codertocat/Hello-World',
        private: false,
        owner: { name: 'Codertocat', email: '21031067+Codertocat@users.noreply.github.com', login: 'Codertocat' },
        default_branch: 'main',
      },
      pusher: { name: 'Codertocat', email: '21031067+Codertocat@users.noreply.github.com' },
      commits: [
        {
          id: '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c',
          distinct: true,
          message: 'Update README.md',
          timestamp: '2019-05-15T15:20:41Z',
          added: [],
          removed: [],
          modified: ['README.md'],
        },
      ],
    },
    delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  },
  'an event of Stripe': {
    scheme: 'stripe',
    headers: {
      accept: '*/*; q=0.5, application/xml',
      'cache-control': 'no-cache',
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    },
    body: {
      id: 'evt_1NG8Du2eZvKYlo2CUI79vXWy',
      object: 'event',
      api_version: '2019-02-19',
      created: 1686089970,
      data: {
        object: {
          id: 'seti_1NG8Du2eZvKYlo2C9XMqbR0x',
          object: 'setup_intent',
          application: null,
          created: 1686089970,
          livemode: false,
          metadata: {},
          payment_method: 'pm_1NG8Du2eZvKYlo2CYzzldNr7',
          payment_method_options: { acss_debit: { currency: 'cad', verification_method: 'automatic' } },
          payment_method_types: ['acss_debit'],
          status: 'requires_confirmation',
          usage: 'off_session',
        },
      },
      livemode: false,
      pending_webhooks: 0,
      request: { id: null, idempotency_key: null },
      type: 'setup_intent.created',
    },
    delivery: 'evt_1NG8Du2eZvKYlo2CUI79vXWy',
  },
  'an event of Slack': {
    scheme: 'slack',
    headers: { 'content-type': 'application/json', 'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)' },
    body: {
      token: 'XXYYZZ',
      team_id: 'T123ABC456',
      api_app_id: 'A123ABC456',
      event: { type: 'name_of_event', event_ts: '1234567890.123456', user: 'U123ABC456' },
      type: 'event_callback',
      event_id: 'Ev123ABC456',
      event_time: 1234567890,
    },
    delivery: 'Ev123ABC456',
  },
}
