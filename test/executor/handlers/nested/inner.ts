export default () => 'inner'
