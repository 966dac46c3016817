/** Returns a text of so many characters. */
export default ({ length }: { length: number }) => 'x'.repeat(length)
