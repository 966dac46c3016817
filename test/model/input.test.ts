import test from 'ava'
import { checkInputs } from '../../engine/model/input.ts'

const declared = { amount: { type: 'integer', minimum: 1 }, regions: { type: 'array', default: ['eu'] } }

test('inputs get the defaults that they lack', t => {
  t.deepEqual(checkInputs(declared, { amount: 3 }), { ok: { regions: ['eu'], amount: 3 } })
})

test('everything that is wrong with inputs is said at once', t => {
  t.deepEqual(checkInputs(declared, { amuont: 3, regions: 'eu' }), {
    errors: [
      'unknown input "amuont"; did you mean "amount"?',
      'input "amount" is missing',
      'input "regions" must be array',
    ],
  })
})

test('inputs that are no object are refused', t => {
  t.deepEqual(checkInputs(declared, [1]), { errors: ['the inputs must be an object: name to value'] })
})

test('no inputs are an empty object', t => {
  t.deepEqual(checkInputs({}, undefined), { ok: {} })
})
