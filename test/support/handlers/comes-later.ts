export default () => "here"
