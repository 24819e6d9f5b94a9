print("quern")
