export default async (input: unknown) => input
