/**
 * Reads ava's TAP and writes it for people: a line for each test, under a failure what was wrong, the failures once more
 * at the end, and the closing line. `finish` takes ava's exit code and returns ours: a run without a test has failed.
 */
export const readTap = write => {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const failures = []
  let details
  let rest = ''

  const fail = title => {
    counts.failed += 1
    details = [`  ✘ ${title}`]
    failures.push(details)
    write(`${details[0]}\n`)
  }
  const readLine = line => {
    const result = /^(not )?ok \d+ - (.*?)(?: # (SKIP|TODO).*)?$/.exec(line)
    if (result) {
      const [, not, title, directive] = result
      details = undefined
      if (directive)
        counts.skipped += 1 // whoever skips says why, once
      else if (not) fail(title)
      else {
        counts.passed += 1
        write(`  ✔ ${title}\n`)
      }
      return
    }
    if (/^(TAP version|\d+\.\.\d+|# (tests|pass|skip|fail|todo) \d+|\s*(---|\.\.\.)$|$)/.test(line)) return
    details?.push(line)
    write(`${line}\n`)
  }
  return {
    push: chunk => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) readLine(line)
    },
    finish: code => {
      if (rest !== '') readLine(rest)
      details = undefined
      if (counts.passed + counts.failed === 0) fail('no test was run')
      else if (code !== 0 && counts.failed === 0) fail(`ava ended with exit code ${code}`)
      if (failures.length > 0 && counts.passed > 20) write(`\nFailed:\n${failures.flat().join('\n')}\n`)
      const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
      write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
      return counts.failed > 0 ? 1 : 0
    },
  }
}
