// @ts-expect-error: what Node's type stripping refuses
enum Colour {
  Red,
}
export default () => Colour.Red
