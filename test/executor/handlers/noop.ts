export default async () => null
