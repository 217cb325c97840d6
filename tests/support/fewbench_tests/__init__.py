"""What the tests of several rooms need: made data, servers, results, watched processes."""
