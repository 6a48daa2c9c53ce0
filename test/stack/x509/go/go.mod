module signet.test/go-x509

go 1.25.0
