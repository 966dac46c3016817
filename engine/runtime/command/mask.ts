/** A URL without its secrets: the password, and parameters that are called like one. */
export const maskUrl = (url: string): string => {
  if (!URL.canParse(url)) return '***'
  const masked = new URL(url)
  if (masked.password) masked.password = '***'
  for (const name of [...masked.searchParams.keys()])
    if (/pass|secret|token|key/i.test(name)) masked.searchParams.set(name, '***')
  return masked.href
}
